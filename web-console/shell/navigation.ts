/** Where one can go: the sidebar, the palette and the keys g + letter are made of this one list. */
import {
  Activity,
  Bell,
  BookMarked,
  BookOpenText,
  Braces,
  Building2,
  ClipboardList,
  FlaskConical,
  Gauge,
  GitBranch,
  History,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  MessageSquareText,
  Play,
  Radio,
  Receipt,
  Repeat2,
  Server,
  Settings,
  Wallet,
  Waypoints,
} from "lucide-react";

export interface Place {
  readonly to: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** After g. */
  readonly key: string;
  readonly words: string;
  /** Only where the control plane serves it. */
  readonly explorer?: true;
}

export interface PlaceGroup {
  readonly name: string;
  readonly places: readonly Place[];
}

const placeGroups: readonly PlaceGroup[] = [
  {
    name: "Observe",
    places: [
      { to: "/", name: "Overview", icon: LayoutDashboard, key: "o", words: "home dashboard start" },
      { to: "/live", name: "Live traffic", icon: Radio, key: "l", words: "in flight tail stream" },
      { to: "/calls", name: "Calls", icon: ClipboardList, key: "c", words: "log requests traces ledger search" },
      { to: "/cost", name: "Cost", icon: Receipt, key: "m", words: "money spend chargeback export usage" },
      { to: "/alerts", name: "Alerts", icon: Bell, key: "w", words: "rules thresholds webhooks deliveries notifications e-mail mute" },
    ],
  },
  {
    name: "Build",
    places: [
      { to: "/playground", name: "Playground", icon: Play, key: "y", words: "try chat compare" },
      { to: "/prompts", name: "Prompts", icon: MessageSquareText, key: "p", words: "templates versions labels" },
      { to: "/experiments", name: "Experiments", icon: FlaskConical, key: "e", words: "a/b test variants" },
      { to: "/replays", name: "Replays", icon: Repeat2, key: "z", words: "datasets compare judge evaluate" },
      { to: "/developers", name: "Developers", icon: BookOpenText, key: "d", words: "portal samples curl sdk snippets" },
      { to: "/explorer", name: "GraphQL", icon: Braces, key: "x", words: "explorer api query schema documentation", explorer: true },
    ],
  },
  {
    name: "Serve",
    places: [
      { to: "/routes", name: "Routes", icon: Waypoints, key: "r", words: "models targets tiers fallback" },
      { to: "/backends", name: "Backends", icon: Server, key: "b", words: "providers models health credentials" },
      { to: "/models", name: "Models", icon: BookMarked, key: "i", words: "catalogue prices context capabilities" },
      { to: "/quotas", name: "Quotas", icon: Gauge, key: "q", words: "limits rate tokens" },
      { to: "/budgets", name: "Budgets", icon: Wallet, key: "t", words: "money spend thresholds forecast" },
      { to: "/keys", name: "API keys", icon: KeyRound, key: "k", words: "credentials tokens rotate revoke" },
    ],
  },
  {
    name: "Operate",
    places: [
      { to: "/nodes", name: "Nodes", icon: Activity, key: "n", words: "data plane health propagation" },
      { to: "/revisions", name: "Revisions", icon: GitBranch, key: "v", words: "history changes restore diff" },
      { to: "/audit", name: "Audit", icon: History, key: "a", words: "who did what" },
      { to: "/organisation", name: "Organisation", icon: Building2, key: "u", words: "projects members tokens roles teams" },
      { to: "/settings", name: "Settings", icon: Settings, key: "s", words: "theme time zone configuration" },
    ],
  },
];

/** @param explorer whether the control plane serves the page to try GraphQL with. */
export const placeGroupsFor = ({ explorer }: { readonly explorer: boolean }): readonly PlaceGroup[] =>
  placeGroups.map(({ name, places }) => ({ name, places: places.filter((place) => explorer || !place.explorer) }));

export const placesFor = (viewer: { readonly explorer: boolean }): readonly Place[] =>
  placeGroupsFor(viewer).flatMap(({ places }) => places);
