/**
 * Looks up places: of a record by its ref, of a stream's last records, and of a walk's beginning. Also plans how a batch of refs is read with few
 * calls. Not exported.
 */
@NullMarked
package dev.streamwal.lookup;

import org.jspecify.annotations.NullMarked;
