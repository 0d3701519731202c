/** What stands in the head of a thing's page: its calls, what this kind alone has, its end, and its change. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";

interface ThingActionsProps {
  /** Of the call log's address. */
  readonly calls: Readonly<Record<string, string>>;
  /** Why who looks may change nothing. */
  readonly refusal: string | undefined;
  /** Such as Archive. */
  readonly end: string;
  /** Why nobody may end it now. */
  readonly endRefusal?: string | undefined;
  readonly onEnd: () => void;
  readonly onEdit: () => void;
  readonly children?: ReactNode;
}

export const ThingActions = ({ calls, refusal, end, endRefusal, onEnd, onEdit, children }: ThingActionsProps) => (
  <>
    <Link to="/calls" search={calls} className="button">
      Its calls
    </Link>
    {children}
    <Button look="danger" refused={refusal ?? endRefusal} onClick={onEnd}>
      {end}
    </Button>
    <Button look="primary" refused={refusal} onClick={onEdit}>
      Change
    </Button>
  </>
);
