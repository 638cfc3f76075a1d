import { X } from 'lucide-react';
import { formatRunTimeTenths, shortId } from '../../../projections/index.ts';
import { useProjections } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { TableScroll } from '../../widgets/table-scroll.tsx';

const SHOWN = 100;

/** Topics with the lag of each group, the latest messages, and the dead letters. */
export function EventsView() {
  const { projections } = useProjections(2);
  const { topics } = projections;
  const list = [...topics.byName.values()];
  if (list.length === 0 && topics.byId.size === 0)
    return (
      <Empty>
        No event has been published yet. Order and Shipping publish one whenever an order or a parcel changes.
      </Empty>
    );
  return (
    <div className="events-view">
      <section aria-label="Topics" className="events-topics">
        {list.map((topic) => (
          <div key={topic.topic}>
            <h3 className="font-semibold">
              {topic.topic} <span className="num font-normal text-muted">{topic.accepted} messages</span>
            </h3>
            <dl className="facts">
              {[...topic.groups.values()].map((group) => (
                <div key={group.group}>
                  <dt className="mono">{group.group}</dt>
                  <dd className="num">
                    lag {group.lag} · {group.acknowledged} done
                    {group.redeliveries > 0 ? ` · ${group.redeliveries} again` : ''}
                    {group.duplicates > 0 ? ` · ${group.duplicates} duplicates` : ''}
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
        <div>
          <h3 className="font-semibold">Dead letters</h3>
          {topics.deadLetters.length === 0 ? (
            <p className="text-s text-muted">None.</p>
          ) : (
            <ul className="flex flex-col gap-1">
              {topics.deadLetters.newest(SHOWN).map((letter) => (
                <li key={`${letter.messageId}/${letter.group}`} className="text-s">
                  <span className="text-fail">
                    <X size={12} aria-hidden="true" className="inline" /> {letter.topic} → {letter.group}
                  </span>{' '}
                  after {letter.deliveries} deliveries: {letter.reason}
                </li>
              ))}
            </ul>
          )}
        </div>
      </section>
      <TableScroll label="Latest messages">
        <table className="rows">
          <caption className="sr-only">Latest messages</caption>
          <thead>
            <tr>
              <th scope="col">published</th>
              <th scope="col">topic</th>
              <th scope="col">type</th>
              <th scope="col">key</th>
              <th scope="col">stored</th>
              <th scope="col">deliveries</th>
              <th scope="col">done by</th>
            </tr>
          </thead>
          <tbody>
            {[...topics.byId.values()]
              .slice(-SHOWN)
              .toReversed()
              .map((message) => (
                <tr key={message.messageId}>
                  <td className="num">{formatRunTimeTenths(message.publishedUs)}</td>
                  <td>{message.topic}</td>
                  <td>{message.messageType}</td>
                  <td className="mono" title={message.key}>
                    {shortId(message.key)}
                  </td>
                  <td className="num">
                    {message.acceptedUs === null ? '–' : formatRunTimeTenths(message.acceptedUs)}
                  </td>
                  <td className="num">{message.deliveries}</td>
                  <td>{message.acknowledged.join(', ')}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </TableScroll>
    </div>
  );
}
