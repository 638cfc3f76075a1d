import type { RunEvent } from '../kernel/index.ts';
import { type Breakers, breakers } from './breakers.ts';
import { type Calls, calls } from './calls.ts';
import { type Data, data } from './data.ts';
import { type Discovery, discovery } from './discovery.ts';
import { type Faults, faults } from './faults.ts';
import { type FiguresState, figures } from './figures.ts';
import { type Gateway, gateway } from './gateway.ts';
import { type Narrator, narrator } from './narrator.ts';
import type { Orders } from './orders.ts';
import type { Projection } from './projection.ts';
import { type Releases, releases } from './releases.ts';
import type { RunFacts } from './run-facts.ts';
import { type Sagas, sagas } from './sagas.ts';
import { type Topics, topics } from './topics.ts';
import { type Topology, topology } from './topology.ts';
import { type Traces, traces } from './traces.ts';

/** Everything that the views read of a run. */
export interface RunProjections {
  readonly facts: RunFacts;
  readonly topology: Topology;
  readonly calls: Calls;
  readonly breakers: Breakers;
  readonly sagas: Sagas;
  readonly traces: Traces;
  readonly figures: FiguresState;
  readonly orders: Orders;
  readonly faults: Faults;
  readonly topics: Topics;
  readonly narrator: Narrator;
  readonly data: Data;
  readonly discovery: Discovery;
  readonly releases: Releases;
  readonly gateway: Gateway;
}

/** All projections as one fold. */
export const runProjections: Projection<RunProjections> = {
  initial() {
    const figuresState = figures.initial();
    return {
      facts: figuresState.facts,
      topology: topology.initial(),
      calls: calls.initial(),
      breakers: breakers.initial(),
      sagas: sagas.initial(),
      traces: traces.initial(),
      figures: figuresState,
      orders: figuresState.orders,
      faults: faults.initial(),
      topics: topics.initial(),
      narrator: narrator.initial(),
      data: data.initial(),
      discovery: discovery.initial(),
      releases: releases.initial(),
      gateway: gateway.initial(),
    };
  },
  apply(state, event: RunEvent) {
    topology.apply(state.topology, event);
    calls.apply(state.calls, event);
    breakers.apply(state.breakers, event);
    sagas.apply(state.sagas, event);
    traces.apply(state.traces, event);
    // The figures fold the orders and the run's facts along with themselves.
    figures.apply(state.figures, event);
    faults.apply(state.faults, event);
    topics.apply(state.topics, event);
    narrator.apply(state.narrator, event);
    data.apply(state.data, event);
    discovery.apply(state.discovery, event);
    releases.apply(state.releases, event);
    gateway.apply(state.gateway, event);
    return state;
  },
  fork(state) {
    const figuresState = figures.fork(state.figures);
    return {
      facts: figuresState.facts,
      topology: topology.fork(state.topology),
      calls: calls.fork(state.calls),
      breakers: breakers.fork(state.breakers),
      sagas: sagas.fork(state.sagas),
      traces: traces.fork(state.traces),
      figures: figuresState,
      orders: figuresState.orders,
      faults: faults.fork(state.faults),
      topics: topics.fork(state.topics),
      narrator: narrator.fork(state.narrator),
      data: data.fork(state.data),
      discovery: discovery.fork(state.discovery),
      releases: releases.fork(state.releases),
      gateway: gateway.fork(state.gateway),
    };
  },
};
