/**
 * Looks up places: of a record by its ref, of the last records of a stream, of the beginning of a walk. Also plans how a batch of refs is read with
 * few calls. Not exported.
 */
@NullMarked
package dev.streamwal.lookup;

import org.jspecify.annotations.NullMarked;
