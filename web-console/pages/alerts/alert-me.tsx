/** On a chart, or at the head of a page: the way to a rule about what it shows, filled in, with a threshold from the last week. */
import { Link } from "@tanstack/react-router";
import { BellPlus } from "lucide-react";
import type { MetricName } from "./rules/metrics.ts";
import type { Asked } from "./rules/rule-values.ts";

interface AlertMeProps extends Omit<Asked, "metric"> {
  readonly metric: MetricName;
  /** Of what, for those who hear it without its chart: "calls". */
  readonly of: string;
  /** At the head of a page, among its buttons. */
  readonly large?: boolean;
}

export const AlertMe = ({ metric, of, large = false, ...filter }: AlertMeProps) => (
  <Link
    to="/alerts"
    search={{ tab: "rules", make: true, metric, ...filter }}
    className={large ? "button" : "button plain small"}
    aria-label={`Alert me of ${of}`}
  >
    <BellPlus size={14} aria-hidden /> Alert me
  </Link>
);
