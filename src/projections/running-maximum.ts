/** A growing list of numbers in which each is raised to the largest before it, so that it can be searched. */
export class RunningMaximum {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#values.byteLength;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const values = new Float64Array(2 * this.#length);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#length] = Math.max(value, this.at(this.#length - 1));
    this.#length += 1;
  }

  at(index: number): number {
    return this.#values[index] ?? Number.NEGATIVE_INFINITY;
  }

  /** How many are at most `value`. */
  countUpTo(value: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
