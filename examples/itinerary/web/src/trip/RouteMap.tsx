import { layOut, type Place, type Point } from "../model/tour.ts";

const WIDTH = 320;
const HEIGHT = 132;
const DOT = 9;

/** The walk as a sketch. What it shows stands in the list below, so it is hidden from those who listen. */
export function RouteMap({ places }: { places: readonly Place[] }) {
  const points = layOut(places, WIDTH, HEIGHT, 2 * DOT + 3);
  return (
    <svg className="map" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={points.map(pair).join(" ")} />
      {points.map((point, index) => (
        <g key={places[index]?.id} transform={`translate(${pair(point)})`}>
          <circle r={DOT} />
          <text y="3.5">{index + 1}</text>
        </g>
      ))}
    </svg>
  );
}

function pair({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
