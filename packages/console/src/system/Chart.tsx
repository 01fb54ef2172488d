import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { timeOfDay } from "@headway-run/react/words";
import { useEffect, useRef } from "react";

const HEIGHT = 176;
const FONT = "12px system-ui, sans-serif";
/** Seconds between two times below a chart. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120];
/** Room for the name of a bar. */
const LABEL_PX = 60;

export interface Line {
  label: string;
  /** A custom property that has its colour. */
  colour: string;
  dashed?: boolean;
  values: (number | null)[];
}

/** Values over time. Drawn on a canvas, so whoever does not see it needs a table beside it. */
export function LineChart({ at, lines }: { at: number[]; lines: Line[] }) {
  const shape = lines.map(({ label, colour, dashed }) => ({ label, colour, dashed: dashed ?? false }));
  const key = JSON.stringify(shape);
  return (
    <Plot
      key={key}
      data={[at, ...lines.map(({ values }) => values)]}
      options={(colours) => ({
        series: [
          {},
          ...shape.map(({ label, colour, dashed }) => ({
            label,
            stroke: () => colours(colour),
            width: 2,
            ...(dashed && { dash: [5, 4] }),
            points: { show: false },
          })),
        ],
        axes: [
          { ...axis(colours, 72), incrs: STEPS_S, values: (_plot, splits) => splits.map((at) => timeOfDay(at * 1000)) },
          { ...axis(colours, 32), size: 52 },
        ],
        scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] } },
        legend: { show: lines.length > 1, live: false },
      })}
    />
  );
}

/** How often each of some values came. */
export function BarChart({ labels, values }: { labels: string[]; values: number[] }) {
  const places = labels.map((_, index) => index);
  const draw = uPlot.paths.bars?.({ size: [0.8, 48] });
  return (
    <Plot
      data={[places, values]}
      options={(colours) => ({
        series: [
          {},
          {
            label: "How often",
            stroke: () => colours("--hw-accent"),
            fill: () => colours("--hw-accent"),
            points: { show: false },
            ...(draw && { paths: draw }),
          },
        ],
        axes: [
          {
            ...axis(colours, 44),
            splits: () => places,
            values: (plot, splits) => {
              const each = Math.ceil((splits.length * LABEL_PX) / plot.width);
              return splits.map((place) => (place % each === 0 ? (labels[place] ?? "") : ""));
            },
            grid: { show: false },
          },
          { ...axis(colours, 32), size: 52 },
        ],
        scales: {
          x: { time: false, range: [-0.6, labels.length - 0.4] },
          y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.05)] },
        },
        legend: { show: false },
      })}
    />
  );
}

type Colours = (property: string) => string;

interface PlotProps {
  data: uPlot.AlignedData;
  options: (colours: Colours) => Omit<uPlot.Options, "width" | "height">;
}

function Plot({ data, options }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const first = useRef({ data, options });
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const colours = coloursOf(element);
    const made = new uPlot(
      { ...first.current.options(colours.read), cursor: { show: false }, width: element.clientWidth, height: HEIGHT },
      first.current.data,
      element,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    const forget = colours.onChange(() => made.redraw(false));
    return () => {
      watch.disconnect();
      forget();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    first.current = { ...first.current, data };
    plot.current?.setData(data);
  }, [data]);
  return <div ref={host} className="plot" />;
}

/** Colours of the sheet as a canvas takes them: it does not know custom properties, nor light from dark. */
function coloursOf(element: HTMLElement): { read: Colours; onChange: (again: () => void) => () => void } {
  const probe = document.createElement("i");
  probe.hidden = true;
  element.append(probe);
  const read = (property: string) => {
    probe.style.color = `var(${property})`;
    return getComputedStyle(probe).color;
  };
  const onChange = (again: () => void) => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", again);
    const chosen = new MutationObserver(again);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      dark.removeEventListener("change", again);
      chosen.disconnect();
      probe.remove();
    };
  };
  return { read, onChange };
}

function axis(colours: Colours, space: number): uPlot.Axis {
  const line = { width: 1, stroke: () => colours("--hw-line") };
  return { stroke: () => colours("--hw-muted"), font: FONT, space, grid: line, ticks: { ...line, size: 4 } };
}
