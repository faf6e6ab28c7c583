/**
 * Where something is: a record by ref, the last ones of a stream, the place where a walk begins. Also how a batch of refs is read in few calls.
 * Not exported.
 */
@NullMarked
package dev.streamwal.lookup;

import org.jspecify.annotations.NullMarked;
