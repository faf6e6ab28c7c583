/**
 * Tails: walks along one stream or many that wait for new records, and the rule for how long they rest in between. Not exported.
 */
@NullMarked
package dev.streamwal.tail;

import org.jspecify.annotations.NullMarked;
