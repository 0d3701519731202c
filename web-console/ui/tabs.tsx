/** Tabs that are addresses: Back works, and a link leads to the tab. */
import { Link } from "@tanstack/react-router";

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly current: Name;
  readonly tabs: readonly (readonly [Name, string])[];
}

export function Tabs<Name extends string>({ label, current, tabs }: TabsProps<Name>) {
  const [[first]] = tabs as readonly [readonly [Name, string]];
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(([name, title]) => (
        <Link
          key={name}
          to="."
          // Which page these stand on, and so what its address may say, is not known here; the page's own `tab` reads it.
          search={((before: Record<string, unknown>) => ({ ...before, tab: name === first ? undefined : name })) as never}
          // Else the router counts the first tab, which is no tab in the address, as where one is on all of them.
          activeOptions={{ explicitUndefined: true }}
          aria-current={current === name ? "page" : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}
