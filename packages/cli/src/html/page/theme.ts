/** Colours that people with any kind of colour vision can tell apart (after Okabe and Ito); no mark is told by colour alone. */
export interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly dim: string;
  readonly rule: string;
  readonly strip: string;
  readonly life: string;
  readonly attempt: string;
  readonly ok: string;
  readonly fail: string;
  readonly unsafe: string;
  readonly goaway: string;
  readonly fin: string;
  readonly notify: string;
  readonly ping: string;
  readonly marker: string;
  readonly select: string;
  readonly doubt: string;
  readonly series: readonly string[];
  readonly phases: Readonly<Record<string, string>>;
}

const LIGHT: Theme = {
  paper: "#ffffff",
  ink: "#1c2430",
  dim: "#5d6979",
  rule: "#dfe4ea",
  strip: "#f5f7f9",
  life: "#9fb0c2",
  attempt: "#cdd6df",
  ok: "#b9c7d5",
  fail: "#d1480a",
  unsafe: "#8f1d00",
  goaway: "#0067a8",
  fin: "#b97a00",
  notify: "#00805c",
  ping: "#a8478a",
  marker: "#3b4a5c",
  select: "#0b57d0",
  doubt: "#d1480a",
  series: ["#0072b2", "#009e73", "#b97a00", "#a8478a", "#56a0c9", "#6b6b6b"],
  phases: {
    serving: "#eef2f5",
    "terminating-not-ready": "#f7dfa0",
    late: "#efb65a",
    "refusing-or-429": "#e58a5c",
    down: "#6f7b89",
    "starting-not-ready": "#a9cfe8",
    ready: "#dfeee6",
  },
};

const DARK: Theme = {
  paper: "#12171e",
  ink: "#e4e9ef",
  dim: "#98a4b3",
  rule: "#2a333e",
  strip: "#171d25",
  life: "#5e7186",
  attempt: "#3c4855",
  ok: "#3f5164",
  fail: "#ff8552",
  unsafe: "#ffb199",
  goaway: "#63b8f2",
  fin: "#f0b13c",
  notify: "#39c79b",
  ping: "#dc8fc4",
  marker: "#b9c4d0",
  select: "#7fb0ff",
  doubt: "#ff8552",
  series: ["#4fa8e0", "#39c79b", "#f0b13c", "#dc8fc4", "#8cc7e8", "#a0a0a0"],
  phases: {
    serving: "#1b232c",
    "terminating-not-ready": "#5c4a17",
    late: "#7d5a16",
    "refusing-or-429": "#86431f",
    down: "#7d8896",
    "starting-not-ready": "#23506e",
    ready: "#1c3a2e",
  },
};

const dark = window.matchMedia("(prefers-color-scheme: dark)");
let printing = false;

export function theme(): Theme {
  return dark.matches && !printing ? DARK : LIGHT;
}

/** Calls back whenever colours change: the system's scheme, or paper. */
export function onTheme(changed: () => void): void {
  dark.addEventListener("change", changed);
  window.addEventListener("beforeprint", () => {
    printing = true;
    changed();
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    changed();
  });
}
