/**
 * Marks who may change a thing in place. Containers that share their parts after a fork each have a mark of
 * their own; a part that bears another mark is copied before it is changed.
 */
export type Owner = number;

let given = 0;

/** A mark that nobody has. */
export function newOwner(): Owner {
  given += 1;
  return given;
}
