// The two charts: cancels per second stacked by outcome, and answer times. Colours are the style
// sheet's, so that a change between light and dark is followed.
"use strict";

const Charts = (() => {
  const KEYS = ["given_back", "no_bet", "nothing", "mismatch", "undecided"];
  const utc = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const all = (_, ticks) => ticks;

  function axes(format, filter) {
    const common = {
      stroke: () => colour("muted"),
      font: "12px ui-sans-serif, system-ui, sans-serif",
      grid: { stroke: () => colour("line"), width: 1 },
      ticks: { show: false },
    };
    return [
      { ...common, grid: { show: false }, space: 70, size: 32, values: (_, ticks) => ticks.map(clock) },
      // A fixed width: numbers that grow must not push the chart about.
      { ...common, grid: { ...common.grid, filter }, filter, size: 56, values: (_, ticks) => ticks.map(format) },
    ];
  }

  function clock(seconds) {
    return new Date(seconds * 1000).toISOString().slice(11, 16);
  }

  function chart(element, series, y, format, filter = all) {
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const options = {
      ...size(),
      tzDate: utc,
      legend: { show: false },
      cursor: { show: false },
      padding: [10, 6, 0, 0],
      scales: { y },
      axes: axes(format, filter),
      series: [{}, ...series],
    };
    const plot = new uPlot(options, [[], ...series.map(() => [])], element);
    new ResizeObserver(() => plot.setSize(size())).observe(element);
    return plot;
  }

  function rates(element) {
    const steps = uPlot.paths.stepped({ align: 1 });
    // The top of the stack comes first, so that the others are drawn over it.
    const series = [...KEYS].reverse().map((key) => ({
      fill: () => colour(key),
      width: 0,
      paths: steps,
      points: { show: false },
    }));
    const range = (_, __, most) => [0, Math.max(1, most * 1.1)];
    return chart(element, series, { range }, (tick) => (tick >= 1000 ? `${tick / 1000}k` : tick));
  }

  function times(element) {
    const line = (key) => ({
      stroke: () => colour(key),
      width: 2,
      points: { show: true, size: 4, stroke: () => colour(key), fill: () => colour(key) },
    });
    // Logarithmic, from a millisecond to the ten seconds after which the provider hangs up.
    const y = { distr: 3, log: 10, range: [0.001, 10] };
    const say = (tick) => {
      if (tick === null) return null;
      return tick >= 1 ? `${tick} s` : `${Math.round(tick * 1000)} ms`;
    };
    const isDecade = (tick) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-6;
    const decades = (_, ticks) => ticks.map((tick) => (isDecade(tick) ? tick : null));
    return chart(element, [line("p50"), line("p99")], y, say, decades);
  }

  function stacked(rows) {
    const sums = rows[0].map(() => 0);
    return rows.map((row) => row.map((value, at) => (value === null ? null : (sums[at] += value))));
  }

  return {
    make: () => ({
      rates: rates(document.getElementById("rates")),
      times: times(document.getElementById("times")),
    }),
    show: (charts, data) => {
      const when = data.p50.map((_, at) => data.from + at * data.step);
      charts.rates.setData([when, ...stacked(KEYS.map((key) => data.rates[key])).reverse()]);
      charts.times.setData([when, data.p50, data.p99]);
    },
    redraw: (charts) => Object.values(charts).forEach((plot) => plot.redraw(false)),
  };
})();
