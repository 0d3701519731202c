/** A row's traffic over time as small bars, the failed ones in another colour. */

interface SparklineProps {
  /** What it shows, in a sentence. */
  readonly label: string;
  readonly bars: readonly { readonly all: number; readonly failed: number }[];
}

const height = 24;
const step = 5;

export function Sparkline({ label, bars }: SparklineProps) {
  const most = Math.max(1, ...bars.map(({ all }) => all));
  const tall = (value: number) => (value === 0 ? 0 : Math.max(1, (value / most) * height));
  return (
    <svg className="sparkline" viewBox={`0 0 ${bars.length * step} ${height}`} role="img" aria-label={label} preserveAspectRatio="none">
      {bars.map(({ all, failed }, index) => (
        <g key={index}>
          <rect className="all" x={index * step} width={step - 1} y={height - tall(all)} height={tall(all)} />
          <rect className="failed" x={index * step} width={step - 1} y={height - tall(failed)} height={tall(failed)} />
        </g>
      ))}
    </svg>
  );
}
