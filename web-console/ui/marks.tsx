/** Small marks: a badge with a meaning, a time, code, a meter. */
import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { absolute, relative, useUtc, zoneName } from "../format/time.ts";
import { CopyButton } from "./button.tsx";

export type Tone = "good" | "warn" | "bad" | "info" | "accent" | "neutral";

export const Badge = ({ tone = "neutral", children }: { readonly tone?: Tone; readonly children: ReactNode }) => (
  <span className={`badge ${tone}`}>{children}</span>
);

export function When({ at, exact = false }: { readonly at: string | Date; readonly exact?: boolean }) {
  const utc = useUtc();
  const full = `${absolute(at, utc)} ${zoneName(utc)}`;
  return (
    <time dateTime={new Date(at).toISOString()} title={full} className="number">
      {exact ? full : relative(at)}
    </time>
  );
}

const noticeIcons = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert } as const;

export function Notice({ tone = "info", children }: { readonly tone?: keyof typeof noticeIcons; readonly children: ReactNode }) {
  const Icon = noticeIcons[tone];
  return (
    <div className={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon size={16} aria-hidden />
      <div className="wide">{children}</div>
    </div>
  );
}

interface CodeProps {
  readonly text: string;
  readonly wrap?: boolean;
  readonly label?: string;
  /** By the button, or by hand. */
  readonly onCopied?: () => void;
}

export function Code({ text, wrap = false, label, onCopied }: CodeProps) {
  return (
    <div className="code-frame" onCopy={onCopied}>
      <CopyButton text={text} onCopied={onCopied} />
      <pre className={wrap ? "code wrap" : "code"} tabIndex={0} aria-label={label ?? "Code"} role="region">
        {text}
      </pre>
    </div>
  );
}

interface MeterProps {
  /** Of the whole, may be more than 1. */
  readonly share: number;
  readonly label: string;
  /** Set aside beyond that, of the whole. */
  readonly held?: number;
  /** Where something happens, of the whole. */
  readonly marks?: readonly number[];
  /** Its end is where calls are refused. */
  readonly hard?: boolean;
  /** Being full is a warning and not the end. */
  readonly soft?: boolean;
  /** Being full is good. */
  readonly plain?: boolean;
}

export function Meter({ share, label, held = 0, marks = [], hard, soft, plain }: MeterProps) {
  const tone = plain ? "" : share >= 1 ? (soft ? "warn" : "bad") : share >= 0.8 ? "warn" : "";
  const width = (of: number) => `${Math.max(0, Math.min(100, of * 100))}%`;
  return (
    <div
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(Math.min(share, 1) * 100)}
    >
      <i className={tone} style={{ width: width(share) }} />
      {held > 0 && <i className="held" style={{ width: width(Math.min(held, 1 - share)) }} />}
      {marks
        .filter((at) => at > 0 && at < 1)
        .map((at) => (
          <b key={at} style={{ left: width(at) }} />
        ))}
      {hard && <b className="hard" />}
      {soft && <b className="soft" />}
    </div>
  );
}

export const Facts = ({ of }: { readonly of: readonly (readonly [string, ReactNode] | false)[] }) => (
  <dl className="facts">
    {of.map(
      (fact) =>
        fact && (
          <div key={fact[0]} style={{ display: "contents" }}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
    )}
  </dl>
);
