/** The foot of a long list. */
import { Button } from "./button.tsx";

export function More({ hasMore, loading, more }: { readonly hasMore: boolean; readonly loading: boolean; readonly more: () => void }) {
  if (!hasMore) return null;
  return (
    <div className="row" style={{ justifyContent: "center" }}>
      <Button onClick={more} disabled={loading}>
        {loading ? "Loading …" : "More"}
      </Button>
    </div>
  );
}
