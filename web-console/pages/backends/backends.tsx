/** What calls are sent to: the models at each provider with what they did in a day, and the providers. */
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { SearchField, useSearch } from "../../ui/search.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { BackendDialog } from "./backend-dialog.tsx";
import { BackendList } from "./backend-list.tsx";
import { CapabilityMatrix } from "./capability-matrix.tsx";
import { ProviderDialog } from "./provider-dialog.tsx";
import { ProviderList } from "./provider-list.tsx";

const address = {
  tab: oneOf("backends", "providers", "capabilities"),
  make: oneOf("provider", "backend", "true"),
};

export function Backends() {
  const [{ tab = "backends", make }, setUrl] = useUrlState(address);
  const search = useSearch();
  const refusal = useRefusal();
  const navigate = useNavigate();
  const close = () => setUrl({ make: undefined }, { replace: true });
  return (
    <Page
      title="Backends"
      lead="Providers are accounts and servers; a backend is one model at one of them."
      actions={
        <>
          <Button refused={refusal} onClick={() => setUrl({ make: "provider" })}>
            <Plus size={16} aria-hidden /> New provider
          </Button>
          <Button look="primary" refused={refusal} onClick={() => setUrl({ make: "backend" })}>
            <Plus size={16} aria-hidden /> New backend
          </Button>
        </>
      }
    >
      <Tabs
        label="What calls are sent to"
        current={tab}
        tabs={[
          ["backends", "Backends"],
          ["providers", "Providers"],
          ["capabilities", "Capabilities"],
        ]}
      />
      <div className="filters">
        <SearchField placeholder={tab === "providers" ? "Name or base URL" : "Name or model"} />
      </div>
      {tab === "backends" && <BackendList search={search} />}
      {tab === "providers" && <ProviderList search={search} />}
      {tab === "capabilities" && <CapabilityMatrix search={search} />}
      {(make === "provider" || make === "true") && (
        <ProviderDialog
          onClose={(made) => (made ? void navigate({ to: "/backends", search: { tab: "providers" }, replace: true }) : close())}
        />
      )}
      {make === "backend" && (
        <BackendDialog
          onClose={(id) => (id === undefined ? close() : void navigate({ to: "/backends/$backendId", params: { backendId: id } }))}
        />
      )}
    </Page>
  );
}
