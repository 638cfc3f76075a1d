import { formatDuration, formatRunTime, type RegisteredView } from '../../../../projections/index.ts';
import { BeliefMark } from './belief-mark.tsx';
import { registeredWord, stateWord } from './words.ts';

function leaseWords({ listed }: RegisteredView, nowUs: number): string {
  if (listed === null) return '–';
  const leftMs = (listed.leaseUntilUs - nowUs) / 1000;
  return leftMs > 0 ? `${formatDuration(leftMs)} left` : `over for ${formatDuration(-leftMs)}`;
}

/** The registry's list, and who should be on it. */
export function RegistryTable({
  rows,
  nowUs,
}: {
  readonly rows: readonly RegisteredView[];
  readonly nowUs: number;
}) {
  return (
    <table className="rows discovery-rows">
      <caption>What the registry lists</caption>
      <thead>
        <tr>
          <th scope="col">instance</th>
          <th scope="col">it is</th>
          <th scope="col">listed since</th>
          <th scope="col">heard of</th>
          <th scope="col">lease</th>
          <th scope="col">the list is</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.instance}>
            <th scope="row">{row.instance}</th>
            <td>{stateWord(row.state)}</td>
            <td className="num">
              {row.listed === null ? 'not listed' : formatRunTime(row.listed.registeredUs)}
            </td>
            <td className="num">
              {row.listed === null ? '–' : `${formatDuration((nowUs - row.listed.heardUs) / 1000)} ago`}
            </td>
            <td className="num">{leaseWords(row, nowUs)}</td>
            <td>
              <BeliefMark verdict={row.verdict} instance={null} word={registeredWord(row)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
