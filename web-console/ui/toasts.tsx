/** What has just happened, said once and politely. */
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";

export const toasts = Toast.createToastManager();

export const say = (title: string, description?: string, type: "info" | "error" | "warning" = "info"): void => {
  toasts.add({ title, description, type, timeout: type === "error" ? 12_000 : 5_000 });
};

export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const manager = Toast.useToastManager();
  return manager.toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-type={toast.type}>
      <div>
        <Toast.Title className="toast-title" render={<p />} />
        <Toast.Description className="toast-text" />
      </div>
      <Toast.Close className="button plain icon small" aria-label="Dismiss">
        <X size={14} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}
