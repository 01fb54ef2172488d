import { PATIENCE_MIN } from "../hooks/usePatience.ts";

export interface StillWritingProps {
  /** It takes long: as long as it does not, there is nothing to see. */
  long: boolean;
  onKeepWaiting: () => void;
  onTellLater: () => void;
}

/** It takes long, and that is all right: one may go on watching, or be told later. */
export function StillWriting({ long, onKeepWaiting, onTellLater }: StillWritingProps) {
  return (
    <>
      <p className="hw-hidden" role="status">
        {long && `${STILL}. Keep waiting, or be told later.`}
      </p>
      {long && <Choice onKeepWaiting={onKeepWaiting} onTellLater={onTellLater} />}
    </>
  );
}

const STILL = "The strategy is still being written";

function Choice({ onKeepWaiting, onTellLater }: Omit<StillWritingProps, "long">) {
  return (
    <section className="patience" aria-label="Patience">
      <h3>{STILL}</h3>
      <p>
        You have watched for {PATIENCE_MIN} minutes. It goes on whether you watch or not; we can tell you in the list of
        strategies when it is ready.
      </p>
      <div className="hw-actions">
        <button type="button" className="hw-button" data-kind="primary" onClick={onKeepWaiting}>
          Keep waiting
        </button>
        <button type="button" className="hw-button" onClick={onTellLater}>
          Tell me later
        </button>
      </div>
    </section>
  );
}
