import { useCommand } from "@headway-run/react";
import { Icon, Problem } from "@headway-run/react/components";
import { useCallback, useState } from "react";
import { dismissViewers, listViewers, sendViewers, type Viewer, type Viewers } from "../api.ts";
import { useFetched } from "../hooks/useFetched.ts";
import { agreement } from "../model/viewers.ts";
import { Lever } from "./Lever.tsx";
import { LeverButton } from "./LeverButton.tsx";

const MANY = 10;
const LOOK_MS = 1_000;

interface TenViewersProps {
  runId: string;
  /** Last event that is shown here. */
  seq: number;
  ended: boolean;
  max: number;
}

export function TenViewers({ runId, seq, ended, max }: TenViewersProps) {
  const [watching, setWatching] = useState(false);
  const list = useCallback(async () => {
    const present = await listViewers(runId);
    setWatching(present.viewers.some(({ status }) => status !== "ended"));
    return present;
  }, [runId]);
  const { data, trouble, replace } = useFetched(list, watching ? LOOK_MS : null);
  const { pending, trouble: refusal, send } = useCommand();
  const here = data?.viewers ?? [];
  const full = here.length + MANY > max;
  return (
    <Lever
      title="Ten viewers"
      does="Ten Python clients open this trip over HTTP, each on a connection of its own. They run on the server's machine: a browser opens no more than six to one site."
      watch="they join in the middle, miss nothing, and all show the same as this page. They live in the server's process, so killing that ends them, too."
    >
      <div className="actions">
        <LeverButton
          idle={ended || full || pending}
          onPress={() =>
            send(async () => {
              replace(await sendViewers(runId, MANY));
              setWatching(true);
            })
          }
        >
          Send in ten viewers
        </LeverButton>
        <LeverButton
          idle={here.length === 0 || pending}
          onPress={() => send(async () => replace(await dismissViewers(runId)))}
        >
          Send them away
        </LeverButton>
      </div>
      {here.length > 0 && data && <Present present={data} seq={seq} />}
      {(refusal ?? trouble) && <Problem urgent={refusal !== null}>{refusal ?? trouble ?? ""}</Problem>}
    </Lever>
  );
}

function Present({ present, seq }: { present: Viewers; seq: number }) {
  if (!present.agree) {
    return <Problem urgent>Viewers at the same event show different things. That must never happen</Problem>;
  }
  return (
    <>
      <ol className="viewers" aria-label="Viewers">
        {present.viewers.map((viewer) => (
          <One key={viewer.n} {...viewer} />
        ))}
      </ol>
      <p>{agreement(present.viewers, seq)}</p>
    </>
  );
}

const ICONS = { connecting: "clock", live: "check", reconnecting: "busy", ended: "stop" } as const;

function One({ n, status, seq }: Viewer) {
  return (
    <li data-status={status}>
      <Icon name={ICONS[status]} />
      <span className="hw-hidden">
        Viewer {n}, {status}, at event{" "}
      </span>
      {seq}
    </li>
  );
}
