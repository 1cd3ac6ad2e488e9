// SPDX-License-Identifier: GPL-3.0-or-later
// Every experiment's mean with its interval, in order, and the search head.  Drag to look closer,
// double click to go back.
charts.history = function (rows, look) {
  const shown = rows.filter(r => r.mean !== null);
  if (shown.length < 3) return null;
  const last = Math.max(...rows.map(r => r.experiment));
  return frame(look, 340, {
    signals: [
      { name: "from", value: null, on: [
        { events: "@plot:mousedown", update: "[x(), x()]" },
        { events: "[@plot:mousedown, window:mouseup] > window:mousemove!",
          update: "[from[0], clamp(x(), 0, width)]" },
        { events: "window:mouseup", update: "null" }] },
      { name: "seen", value: [0, last + 1], on: [
        { events: "window:mouseup", update: "from && abs(from[1] - from[0]) > 8 ? " +
          "[invert('x', min(from[0], from[1])), invert('x', max(from[0], from[1]))] : seen" },
        { events: "dblclick", update: "[0, " + (last + 1) + "]" }] },
    ],
    data: [{ name: "all", values: shown }, { name: "heads", values: rows.filter(r => r.head !== null) }],
    scales: [
      { name: "x", type: "linear", domain: { signal: "seen" }, range: "width", zero: false },
      { name: "y", type: "linear", domain: extentOf(rows, look.maximize), range: "height", zero: false,
        nice: true },
      ...fateScales(look),
    ],
    axes: [
      { orient: "left", scale: "y", grid: true, title: look.metric, domain: false, tickCount: 6 },
      { orient: "bottom", scale: "x", title: "experiment", tickMinStep: 1, format: "d" },
    ],
    legends: [{ fill: "fateFill", stroke: "fateColour", shape: "fateShape", orient: "top", direction: "horizontal",
                values: FATES.filter(f => shown.some(r => r.became === f)) }],
    marks: [{
      type: "group", name: "plot", clip: true,
      encode: { enter: { fill: { value: "transparent" } },
                update: { width: { signal: "width" }, height: { signal: "height" } } },
      marks: [
        { type: "rect", interactive: false, encode: { enter: { fill: { value: look.blue },
            fillOpacity: { value: 0.12 } }, update: {
            x: { signal: "from ? min(from[0], from[1]) : 0" },
            x2: { signal: "from ? max(from[0], from[1]) : 0" },
            y: { value: 0 }, y2: { signal: "height" } } } },
        { type: "rule", from: { data: "all" }, interactive: false, encode: { update: {
            x: { scale: "x", field: "experiment" }, opacity: { value: 0.55 },
            y: { signal: "scale('y', isValid(datum.low) ? datum.low : datum.mean)" },
            y2: { signal: "scale('y', isValid(datum.high) ? datum.high : datum.mean)" },
            stroke: { scale: "fateColour", field: "became" } } } },
        { type: "line", from: { data: "heads" }, interactive: false, encode: { update: {
            x: { scale: "x", field: "experiment" }, y: { scale: "y", field: "head" },
            interpolate: { value: "step-after" }, stroke: { value: look.blue },
            strokeWidth: { value: 1.5 } } } },
        { type: "symbol", from: { data: "all" }, encode: {
          update: Object.assign({ x: { scale: "x", field: "experiment" },
            y: { scale: "y", field: "mean" }, fillOpacity: { value: 0.85 },
            strokeWidth: { value: 1.2 }, tooltip: { signal: "{experiment: datum.experiment, " +
              "became: datum.became, mean: datum.mean, seeds: datum.seeds, change: datum.change}" } },
            encodeFate),
          hover: { fillOpacity: { value: 1 }, stroke: { value: look.ink } } } },
      ],
    }],
  });
};
