import type { CompositionName } from '../compositions/index.ts';
import type { Scenario } from './scenario.ts';
import { scenarioNamed } from './scenarios.ts';

/** Asked before the fault begins: who has said what will happen sees more of what does. */
export interface Prediction {
  readonly question: string;
  readonly choices: readonly { readonly id: string; readonly text: string }[];
  /** The id of the right choice. */
  readonly answer: string;
  /** What happens and why, told when it has happened. The figures are those of docs/setups.md. */
  readonly because: string;
}

/** One of the ten setups of the classroom. Questions, answers and figures are of the shop as services. */
export interface ClassroomSetup {
  /** 1–10, the order in which to show them. */
  readonly number: number;
  readonly name: string;
  readonly title: string;
  /** Its question. */
  readonly text: string;
  readonly scenario: Readonly<Record<CompositionName, Scenario>>;
  /** null: nothing goes wrong, so there is nothing to guess. */
  readonly prediction: Prediction | null;
  readonly lookAt: string;
  /** Why the monolith has no counterpart of the fault; null when it has. */
  readonly monolithNote: string | null;
}

type About = Pick<ClassroomSetup, 'name' | 'prediction' | 'lookAt'> & { readonly monolithNote?: string };

function found(name: string, composition: CompositionName): Scenario {
  const scenario = scenarioNamed(name, composition);
  if (scenario === null) throw new Error(`there is no setup ${name}`);
  return scenario;
}

function classroomSetup(about: About, index: number): ClassroomSetup {
  const { name, prediction, lookAt, monolithNote = null } = about;
  const scenario = { microservices: found(name, 'microservices'), monolith: found(name, 'monolith') };
  const { title, text } = scenario.microservices.setup;
  return { number: index + 1, name, title, text, scenario, prediction, lookAt, monolithNote };
}

const ABOUT: readonly About[] = [
  {
    name: 'classroom',
    prediction: null,
    lookAt:
      'Follow one order through the diagram: it ends after 4.4 s, and most of that is spent between the services.',
  },
  {
    name: 'slow-payments',
    prediction: {
      question:
        'Order waits 1 s for the payment provider. Orders that are sent while it takes 2 s longer will:',
      choices: [
        { id: 'late', text: 'arrive 2 s later' },
        { id: 'undone', text: 'be undone' },
        { id: 'waiting', text: 'wait until it is well again' },
      ],
      answer: 'undone',
      because:
        'No answer comes within the second that Order waits, its breaker opens after 3 s, and after 7.2 s each order is undone: 95.5 % of that minute’s, all but those of its last seconds. Only an order whose money was being taken already when it began waits until the provider is well.',
    },
    lookAt:
      'Two kinds of orders: most are undone, but one or two that began before 0:08 stay half-done for a minute.',
  },
  {
    name: 'shipping-down',
    prediction: {
      question: 'While Shipping is down, browsing will:',
      choices: [
        { id: 'same', text: 'stay as it is' },
        { id: 'slow', text: 'slow down' },
        { id: 'fail', text: 'fail' },
      ],
      answer: 'same',
      because:
        'Browsing and order status stay at 100 % and as fast as before, since nobody they ask needs Shipping. Of the orders 1.7 % get through, those that were sent in the last seconds; all others are undone after 7.2 s.',
    },
    lookAt: 'Order’s breaker to Shipping opens 2 s after 0:08, and the success of orders falls alone.',
  },
  {
    name: 'retry-storm',
    prediction: {
      question: 'Product is slow from 0:08 to 0:14. A minute later browsing will:',
      choices: [
        { id: 'well', text: 'be well: it took some 10 s' },
        { id: 'slow', text: 'work, but slowly' },
        { id: 'down', text: 'still fail' },
      ],
      answer: 'down',
      because:
        'Browsing stays at 0 %: each customer’s call is sent 2.9 times, that is more than Product can do, so every answer comes after its caller gave up. With a circuit breaker on Product’s callers it is well 9.5 s after Product is.',
    },
    lookAt:
      'Product is busy all the time, and nobody gets what it works on: attempts per call are 2.9, good answers are none.',
  },
  {
    name: 'declined-cards',
    prediction: {
      question:
        'While the bank refuses every second card, Order’s circuit breaker to the payment provider will:',
      choices: [
        { id: 'closed', text: 'stay closed' },
        { id: 'open', text: 'open' },
        { id: 'flap', text: 'open and close again and again' },
      ],
      answer: 'closed',
      because:
        'It stayed closed in every run while half of the orders (603 of 1,200) were declined: a “no” is an answer, so the breaker does not count it and nobody asks again. The reserved goods go back at once.',
    },
    lookAt:
      'A declined order gives its reserved stock back, and no success rate falls: declines are shown apart.',
  },
  {
    name: 'last-item',
    prediction: {
      question: 'Two customers order the last item at the same moment. The shop will:',
      choices: [
        { id: 'both', text: 'accept both orders, and turn one down a moment later' },
        { id: 'at-once', text: 'refuse one of them at once' },
        { id: 'twice', text: 'sell it twice' },
      ],
      answer: 'both',
      because:
        'Both were answered with 202 (accepted) in every run, and 0.1 s later one of them was sold out: exactly one got it, and which one differs from seed to seed. Stock is reserved before any money is asked for, so the other was never charged.',
    },
    lookAt:
      'Both orders reach Product within a tenth of a second; the reservation that is stored first takes the item.',
  },
  {
    name: 'one-bad-instance',
    prediction: {
      question: 'One of three Shipping instances answers with errors only. Orders will:',
      choices: [
        { id: 'same', text: 'notice nothing' },
        { id: 'slower', text: 'nearly all succeed, but take longer' },
        { id: 'third', text: 'fail, one in three' },
      ],
      answer: 'slower',
      because:
        '99.4 % succeed, since the second attempt goes to another instance; it costs 0.8 s (5.2 s an order, not 4.4 s) and 26 % more attempts. A third of failures does not open the breaker, so the bad instance is asked all the time.',
    },
    lookAt:
      'Order’s calls to Shipping: retries from shipping-2 to its neighbours, 1.26 attempts a call, and a breaker that stays closed.',
    monolithNote:
      'The monolith is one process, never one of three: there is no healthy neighbour that a retry could go to, so nothing is broken here.',
  },
  {
    name: 'gateway-overload',
    prediction: {
      question:
        'One customer sends 20 requests a second, and each may send 10. “429 Too Many Requests” goes to:',
      choices: [
        { id: 'one', text: 'that customer only' },
        { id: 'all', text: 'everybody now and then' },
        { id: 'nobody', text: 'nobody: the gateway can take it' },
      ],
      answer: 'one',
      because:
        'All 429s went to Leo, who floods, and none of the other customers was refused or slower: each has a bucket of tokens of their own at the gateway. Half of his flood is refused, and so are two thirds of his own orders.',
    },
    lookAt:
      'Who is answered with 429: Leo’s flood, and Leo’s orders too, which is the whole dent in the success of orders (94.4 %).',
  },
  {
    name: 'lost-answers',
    prediction: {
      question: 'Order asks again when an answer is lost. Of the customers, charged twice are:',
      choices: [
        { id: 'none', text: 'none' },
        { id: 'few', text: 'about 4 in 100: two answers lost in a row' },
        { id: 'fifth', text: 'about 20 in 100: as many as answers are lost' },
      ],
      answer: 'none',
      because:
        'Nobody was charged twice in 1,200 orders: a repeated request names the same payment, and the provider takes its money once. What it costs is time: one order in twenty takes longer than 8.8 s (5.5 s in the healthy shop), and 1.5 % are undone with nothing charged.',
    },
    lookAt:
      'Order’s calls to the payment provider: a timeout, a second attempt, and one payment in the provider’s database.',
  },
  {
    name: 'everything-at-once',
    prediction: {
      question: 'How many of the five faults do you have to clear until orders are at 95 % again?',
      choices: [
        { id: 'one', text: 'the worst one' },
        { id: 'three', text: 'three of them' },
        { id: 'five', text: 'all five' },
      ],
      answer: 'three',
      because:
        'With all five no order gets through. Slow Product, Order’s errors and Shipping’s crashes each keep orders below 95 % (0, 54 and 32 %); the other two, lost payment answers and a slow database, only make them slow: with these two left 97 % succeed.',
    },
    lookAt: 'Why the last order failed: it names the service to look at next.',
    monolithNote:
      'Four of the five: inside one process no answer comes from Order’s own door, so Order’s errors have no counterpart.',
  },
];

/** The ten, in the order in which to show them. */
export const CLASSROOM_SETUPS: readonly ClassroomSetup[] = ABOUT.map(classroomSetup);
