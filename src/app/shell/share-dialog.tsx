import { useState } from 'react';
import { readRunWish } from '../state/hash.ts';
import { useRun, useStores, useView } from '../state/hooks.ts';
import { embedSnippet, isOwnComputer, type ShareState, shareLink } from '../state/share-link.ts';
import { ZONES, type Zone } from '../state/view-store.ts';
import { CopyButton } from '../widgets/copy-button.tsx';
import { DialogWindow } from '../widgets/dialog-window.tsx';
import { QrCode } from '../widgets/qr-code.tsx';
import './share-dialog.css';

const ZONE_TITLES: Readonly<Record<Zone, string>> = {
  top: 'Top bar',
  figures: 'Figures',
  controls: 'Controls',
  narrator: 'Narrator',
  time: 'Time bar',
  dock: 'Dock',
  inspector: 'Inspector',
};

/** What the link is made of: the page as it stands. */
function useShareState(): ShareState {
  const run = readRunWish(location.hash);
  const state = useView(
    ({ selection, dockOpen, dockTab, theme, projector, asTable, comparison, hidden }) => ({
      page: location.href,
      selection,
      dock: dockOpen ? dockTab : null,
      theme,
      projector,
      asTable,
      compare: comparison?.branch === null,
      hidden,
    }),
  );
  return { ...state, run };
}

/** The link to this very page, for a chat, for the cameras of a class, and for a page that shows it in a frame. */
export default function ShareDialog() {
  const { view } = useStores();
  const open = useView((state) => state.shareOpen);
  const title = useRun((state) => state.scenario?.setup.title ?? '');
  const state = useShareState();
  const [hidden, setHidden] = useState<readonly Zone[]>(state.hidden);
  const link = shareLink(state);
  // A frame is as wide as its page lets it be: nobody projects it.
  const snippet = embedSnippet(shareLink({ ...state, projector: false, hidden }), `Bulkhead: ${title}`);
  return (
    <DialogWindow
      title="Share"
      open={open}
      onOpenChange={(shareOpen) => view.setState({ shareOpen })}
      className="share"
    >
      <div className="share-parts">
        <div className="share-texts">
          <section>
            <div className="share-head">
              <h3 className="section-title">Link</h3>
              <CopyButton text={link} what="the link" />
            </div>
            <Text label="Link" text={link} rows={2} />
            <p className="text-s text-muted">
              It opens the same setup, what is selected, the dock and the looks, from the beginning: what has
              happened in this run stays here.
            </p>
          </section>
          <section>
            <div className="share-head">
              <h3 className="section-title">Embed</h3>
              <CopyButton text={snippet} what="the HTML" />
            </div>
            <fieldset className="share-zones">
              <legend className="text-s text-muted">Leave out</legend>
              {ZONES.map((zone) => (
                <label key={zone}>
                  <input
                    type="checkbox"
                    checked={hidden.includes(zone)}
                    onChange={(event) =>
                      setHidden(
                        ZONES.filter((each) =>
                          each === zone ? event.target.checked : hidden.includes(each),
                        ),
                      )
                    }
                  />
                  {ZONE_TITLES[zone]}
                </label>
              ))}
            </fieldset>
            <Text label="HTML for a page that embeds the shop" text={snippet} rows={4} />
            <p className="text-s text-muted">
              A page around it can drive the shop by messages, too: see “The scripting door” in the
              documentation.
            </p>
          </section>
        </div>
        <section className="share-qr">
          <QrCode text={link} label="QR code of the link" />
          <p className="text-s text-muted">
            {isOwnComputer(link)
              ? 'This address is this computer’s own: other devices cannot open it. Put the page on a web server first.'
              : 'For the class: point a camera at it.'}
          </p>
        </section>
      </div>
    </DialogWindow>
  );
}

interface TextProps {
  readonly label: string;
  readonly text: string;
  readonly rows: number;
}

/** To be read, selected and copied, also by hand. */
function Text({ label, text, rows }: TextProps) {
  return (
    <textarea
      className="input share-text"
      aria-label={label}
      readOnly
      rows={rows}
      value={text}
      spellCheck={false}
      onFocus={(event) => event.target.select()}
    />
  );
}
