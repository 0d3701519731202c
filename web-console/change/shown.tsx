/** A value of a form as it is compared with another one. */
export function Shown({ value, changed = false }: { readonly value: unknown; readonly changed?: boolean }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return (
    <pre
      className={changed ? "change-value after" : "change-value"}
      style={{ whiteSpace: "pre-wrap", background: changed ? "var(--added)" : undefined }}
    >
      {text === "" ? "(empty)" : text}
    </pre>
  );
}
