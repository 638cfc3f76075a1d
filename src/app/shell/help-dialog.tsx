import { Ban, Shield, ShieldCheck, ShieldHalf, ShieldOff } from 'lucide-react';
import { useStores, useView } from '../state/hooks.ts';
import { DialogWindow } from '../widgets/dialog-window.tsx';
import { KEYS } from './keys.ts';

/** Keys, and what the signs on the diagram mean. */
export default function HelpDialog() {
  const { view } = useStores();
  const open = useView((state) => state.helpOpen);
  const keysOn = useView((state) => state.keysOn);
  return (
    <DialogWindow title="Help" open={open} onOpenChange={(helpOpen) => view.setState({ helpOpen })}>
      <div className="grid gap-6 sm:grid-cols-[1.15fr_1fr]">
        <section>
          <h3 className="section-title mb-2">Keys</h3>
          <p className="mb-2 text-s text-muted">They act while the diagram or the time bar has focus.</p>
          <dl className="keys">
            {KEYS.map(({ key, what }) => (
              <div key={key}>
                <dt>
                  {key.split(' ').map((part) => (
                    <kbd key={part}>{part}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <h3 className="section-title mb-2">Signs</h3>
          <ul className="signs">
            <li>
              <span className="sign-dot" /> a request on its way
            </li>
            <li>
              <span className="sign-ring" /> its answer coming back
            </li>
            <li>
              <span className="sign-message" /> an event through a topic
            </li>
            <li>
              <span className="sign-diamond">×</span> an answer that is a failure
            </li>
            <li>
              <span className="sign-clock" /> a timeout: the caller gave up
            </li>
            <li>
              <span className="sign-lost">+</span> no connection: nobody is there
            </li>
            <li>
              <span className="sign-dot">2</span> a second attempt
            </li>
            <li>
              <span className="sign-probe" /> a probe of a half-open breaker
            </li>
            <li className="text-fail">
              <Shield size={18} strokeWidth={2.5} /> not sent: turned back by the breaker
            </li>
            <li>
              <ShieldCheck size={18} /> breaker closed: calls pass
            </li>
            <li className="text-fail">
              <ShieldOff size={18} /> open: calls are turned back
            </li>
            <li className="text-half">
              <ShieldHalf size={18} /> half-open: a few probes pass
            </li>
            <li>
              <Ban size={18} /> breaker disabled
            </li>
          </ul>
          <label className="switch-row mt-3">
            <span>Single keys</span>
            <input
              type="checkbox"
              role="switch"
              aria-checked={keysOn}
              className="switch"
              checked={keysOn}
              onChange={(event) => view.setState({ keysOn: event.target.checked })}
            />
          </label>
        </section>
      </div>
    </DialogWindow>
  );
}
