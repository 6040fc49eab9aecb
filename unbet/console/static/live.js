// Keeps the page up to date with the server's events; while nobody can see it, it follows none.
"use strict";

(() => {
  const LOOK_EVERY_MS = 3000;
  const SILENT_AFTER_MS = 8000;
  const byId = (id) => document.getElementById(id);
  const charts = Charts.make();
  let events = null;
  let heardAt = 0;

  // Only what differs is written: a reader's voice does not repeat what has not changed.
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  function headline(level, title, detail) {
    byId("headline").dataset.level = level;
    write(byId("title"), title);
    write(byId("detail"), detail);
    document.title = `${title} – Unbet`;
  }

  function show(shown) {
    headline(shown.headline.level, shown.headline.title, shown.headline.detail);
    write(byId("connection"), "As of");
    write(byId("at"), shown.at);
    shown.parts.forEach((part, at) => {
      const item = byId("parts").children[at];
      item.dataset.level = part.level;
      write(item.querySelector("b"), part.says);
    });
    for (const figure of shown.figures) {
      const tile = document.querySelector(`[data-figure="${figure.key}"]`);
      tile.dataset.level = figure.level;
      write(tile.querySelector(".value"), figure.value);
      write(tile.querySelector(".more"), figure.note);
    }
    shown.legend.forEach((line, at) => {
      write(byId("legend").children[at].querySelector("b"), line.value);
    });
    if (shown.chart) Charts.show(charts, shown.chart);
    minutes(shown.minutes);
    document.body.classList.remove("stale");
  }

  function minutes(rows) {
    const body = byId("minutes");
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((cells, at) => {
      const row = body.rows[at] ?? body.insertRow();
      cells.forEach((text, column) => {
        const cell = row.cells[column] ?? row.appendChild(newCell(column));
        write(cell, text);
      });
    });
  }

  function newCell(column) {
    const cell = document.createElement(column ? "td" : "th");
    if (!column) cell.scope = "row";
    return cell;
  }

  function lost() {
    headline("bad", "The console does not answer", "What is shown is old. The page keeps trying.");
    write(byId("connection"), "Last heard at");
    document.body.classList.add("stale");
  }

  function follow() {
    events?.close();
    heardAt = Date.now();
    events = new EventSource("/live");
    events.onmessage = (event) => {
      heardAt = Date.now();
      show(JSON.parse(event.data));
    };
    events.onerror = lost;
  }

  function leave() {
    events?.close();
    events = null;
  }

  setInterval(() => {
    if (!events) return;
    const silent = Date.now() - heardAt > SILENT_AFTER_MS;
    if (silent) lost();
    // Refused or silent: the browser does not try again by itself then.
    if (silent || events.readyState === EventSource.CLOSED) follow();
  }, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", () => events || document.hidden || follow());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Charts.redraw(charts));
  if (!document.hidden) follow();
})();
