/** What a key is narrowed to, as a part of a form: routes, methods, networks. */
import { X } from "lucide-react";
import { ChooseField } from "../../change/choose-field.tsx";
import type { Form } from "../../change/form.tsx";
import { Button } from "../../ui/button.tsx";
import { CheckField, LongField } from "../../ui/field.tsx";
import { type KeyValues, type Method, methodNames } from "./changes.ts";

export function ScopeFields({ values, set, problem }: Form<KeyValues>) {
  const { allowedRoutes, allowedMethods, networks } = values;
  const take = (route: string) => set("allowedRoutes", [...new Set([...allowedRoutes, route])].sort());
  const toggle = (method: Method, on: boolean) =>
    set("allowedMethods", [...allowedMethods.filter((one) => one !== method), ...(on ? [method] : [])].sort());
  return (
    <>
      <fieldset>
        <legend>Routes it may use</legend>
        {allowedRoutes.length === 0 ? (
          <p className="quiet">None chosen: all of the organisation, also those to come.</p>
        ) : (
          <ul className="row">
            {allowedRoutes.map((route) => (
              <li key={route}>
                <Button
                  small
                  aria-label={`Not ${route}`}
                  onClick={() =>
                    set(
                      "allowedRoutes",
                      allowedRoutes.filter((one) => one !== route),
                    )
                  }
                >
                  {route} <X size={13} aria-hidden />
                </Button>
              </li>
            ))}
          </ul>
        )}
        <ChooseField
          label="Add a route"
          of="routes"
          value=""
          none=""
          onChange={({ name }) => {
            if (name !== "") take(name);
          }}
          problem={problem("allowedRoutes")}
        />
      </fieldset>
      <fieldset>
        <legend>What it may be used for</legend>
        <p className="quiet">None chosen: everything.</p>
        <div className="stack tight">
          {Object.entries(methodNames).map(([method, name]) => (
            <CheckField
              key={method}
              label={name}
              value={allowedMethods.includes(method as Method)}
              onChange={(on) => toggle(method as Method, on)}
            />
          ))}
        </div>
      </fieldset>
      <LongField
        label="Networks it may be used from"
        mono
        rows={2}
        value={networks}
        onChange={(next) => set("networks", next)}
        problem={problem("allowedNetworks")}
        hint="Addresses and ranges such as 10.0.0.0/8, one to a line. Empty: from everywhere"
      />
      <CheckField
        label="It may ask for one variant of an experiment; such calls count in no result"
        value={values.mayForceVariants}
        onChange={(on) => set("mayForceVariants", on)}
      />
    </>
  );
}
