/** The page's style sheet. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --dim: #5d6979; --rule: #dfe4ea; --strip: #f5f7f9; --fail: #b93e06; --pass: #00704f; --doubt: #8a5b00; --select: #0b57d0; --tint: #eaf1fd; --bad: #fdf0ea; --goaway: #0067a8; --fin: #b97a00; --loss: #d1480a; --notify: #00805c; --ping: #a8478a; --unsafe: #8f1d00; }
@media (prefers-color-scheme: dark) { :root { --paper: #12171e; --ink: #e4e9ef; --dim: #98a4b3; --rule: #2a333e; --strip: #171d25; --fail: #ff8552; --pass: #39c79b; --doubt: #f0b13c; --select: #7fb0ff; --tint: #1b2940; --bad: #2c1d17; --goaway: #63b8f2; --fin: #f0b13c; --loss: #ff8552; --notify: #39c79b; --ping: #dc8fc4; --unsafe: #ffb199; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 18px 22px 40px; background: var(--paper); color: var(--ink); font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 19px; line-height: 1.35; margin: 0 0 4px; font-weight: 600; text-wrap: pretty; }
h2 { font-size: 13px; margin: 0 0 8px; font-weight: 600; letter-spacing: 0.01em; }
h3 { font-size: 13px; margin: 0 0 6px; font-weight: 600; }
p { margin: 4px 0; } ul, ol { margin: 0; padding: 0; list-style: none; }
.about, .why, .none, .note { color: var(--dim); } .about { overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 0 9px; border-radius: 4px; font-size: 14px; line-height: 24px; text-transform: uppercase; letter-spacing: 0.04em; color: var(--paper); background: var(--doubt); vertical-align: 1px; }
.badge.fail { background: var(--fail); } .badge.pass { background: var(--pass); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); margin: 14px 0; border: 1px solid var(--rule); border-radius: 6px; overflow: hidden; }
.tile { box-shadow: 0 0 0 0.5px var(--rule); padding: 8px 11px 9px; display: flex; flex-direction: column; }
.tile b { font-size: 19px; font-weight: 600; line-height: 1.3; } .tile .label { color: var(--dim); font-size: 12px; } .tile .note { font-size: 11px; line-height: 1.3; }
.tile.bad b { color: var(--fail); } .tile.bad { background: var(--bad); }
.judged { columns: 2 420px; column-gap: 28px; margin: 0 0 6px; } .judged li { display: flex; gap: 7px; break-inside: avoid; padding: 1px 0; }
.sign { font-weight: 700; width: 1em; flex: none; text-align: center; display: inline-block; color: var(--doubt); } .sign.pass { color: var(--pass); } .sign.fail { color: var(--fail); }
.nodes li { padding: 1px 0; } .nodes b { margin: 0 4px; }
.warning { color: var(--doubt); } .warning::before { content: "! "; font-weight: 700; }
section { margin-top: 18px; }
.work { display: grid; grid-template-columns: minmax(0, 1fr) 372px; gap: 22px; align-items: start; }
@media (max-width: 1080px) { .work { grid-template-columns: minmax(0, 1fr); } }
.chart { position: relative; min-width: 0; } canvas { display: block; touch-action: pan-y; } #lanes { cursor: crosshair; }
canvas:focus-visible, button:focus-visible, select:focus-visible, summary:focus-visible { outline: 2px solid var(--select); outline-offset: 2px; border-radius: 3px; }
.bar { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin-bottom: 6px; color: var(--dim); } .bar #range { margin-left: auto; order: 3; }
button, select { font: inherit; color: inherit; background: var(--strip); border: 1px solid var(--rule); border-radius: 4px; padding: 1px 8px; } button { cursor: pointer; } button:hover { border-color: var(--dim); }
button.link { border: 0; background: none; padding: 0; color: var(--select); }
.legend { display: flex; flex-wrap: wrap; gap: 3px 14px; color: var(--dim); font-size: 12px; margin-top: 4px; } .legend svg { width: 13px; height: 13px; vertical-align: -2px; margin-right: 4px; }
.side { position: sticky; top: 10px; max-height: calc(100vh - 20px); overflow: auto; scrollbar-width: thin; padding-right: 4px; }
#incidents { border: 1px solid var(--rule); border-radius: 6px; max-height: 40vh; overflow: auto; scrollbar-width: thin; } #incidents > li + li { border-top: 1px solid var(--rule); }
#incidents > .none { padding: 8px 11px; }
.incident { display: flex; flex-direction: column; width: 100%; text-align: left; background: none; border: 0; border-left: 3px solid transparent; border-radius: 0; padding: 6px 10px 7px 8px; gap: 0; }
.incident strong { font-weight: 600; } .incident .where { color: var(--dim); font-size: 12px; } .incident .line { display: flex; justify-content: space-between; gap: 8px; font-size: 12px; }
.incident:hover { background: var(--strip); } .incident[aria-current] { background: var(--tint); border-left-color: var(--select); }
.harm { color: var(--fail); } .harm.none { color: var(--dim); }
#incidents details { padding: 0 10px 6px 11px; font-size: 12px; } .members { margin-top: 4px; max-height: 260px; overflow: auto; scrollbar-width: thin; } summary { cursor: pointer; color: var(--dim); }
.events { max-height: 340px; overflow: auto; scrollbar-width: thin; margin-top: 4px; } .events li { display: flex; flex-direction: column; padding: 3px 6px 4px 0; border-top: 1px solid var(--rule); font-size: 12px; } .events .line { display: flex; justify-content: space-between; gap: 8px; } .events .unsafe b { color: var(--fail); }
#detail { margin-top: 14px; } #detail > details { margin-top: 8px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin: 0; } dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow: auto; scrollbar-width: thin; }
table { border-collapse: collapse; font-size: 12px; margin-top: 4px; } caption { text-align: left; font-weight: 600; padding-bottom: 4px; } th { text-align: left; color: var(--dim); font-weight: 500; } th, td { padding: 2px 12px 2px 0; vertical-align: top; border-bottom: 1px solid var(--rule); white-space: nowrap; }
td.fields { white-space: normal; min-width: 220px; overflow-wrap: anywhere; color: var(--dim); } tr.unsafe td { color: var(--fail); }
.truth { width: 100%; } .truth th { vertical-align: bottom; } .truth td:last-child { white-space: normal; min-width: 260px; width: 60%; } .truth .cell { text-align: left; color: var(--dim); } .truth .cell.bad { color: var(--fail); font-weight: 600; } .truth .cell.good { color: var(--pass); }
#findings { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px 32px; align-items: start; } @media (min-width: 1240px) { #findings:has(.matches + .accused) { grid-template-columns: minmax(340px, 5fr) minmax(0, 9fr); } }
.matches { display: flex; flex-direction: column; gap: 7px; } .accused { min-width: 0; } .match { border-left: 3px solid var(--select); padding: 1px 0 1px 12px; } .match p { margin: 3px 0; } .match .about, .how { font-size: 12px; } .how { color: var(--dim); font-weight: 400; } .match.other { border-left-color: var(--rule); } .match.other summary b { color: var(--ink); font-weight: 500; }
#tip { position: absolute; z-index: 2; display: flex; flex-direction: column; max-width: 420px; padding: 6px 9px; background: var(--paper); border: 1px solid var(--dim); border-radius: 5px; box-shadow: 0 2px 10px rgb(0 0 0 / 0.18); font-size: 12px; pointer-events: none; overflow-wrap: anywhere; } #tip[hidden] { display: none; }
.unseen-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 26px; color: var(--dim); font-size: 12px; }
@media print { :root { --paper: #fff; --ink: #000; --dim: #444; --rule: #ccc; --strip: #f6f6f6; --fail: #b93e06; --pass: #00704f; --doubt: #8a5b00; --select: #0b57d0; --tint: #fff; --bad: #fff; --goaway: #0067a8; --fin: #b97a00; --loss: #d1480a; --notify: #00805c; --ping: #a8478a; --unsafe: #8f1d00; } body { padding: 0; font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; } .work { grid-template-columns: minmax(0, 1fr); } .side { position: static; max-height: none; overflow: visible; } #incidents, .members, .events { max-height: none; overflow: visible; } canvas { max-width: 100%; height: auto !important; } .bar button, .bar label, .keys, #tip, #twin-details { display: none; } section, article, .tile { break-inside: avoid; } @page { size: A4 landscape; margin: 12mm; } }
`;
