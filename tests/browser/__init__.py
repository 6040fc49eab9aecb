"""The console in a real browser (Chromium), on a real system; needs `chromium`."""
