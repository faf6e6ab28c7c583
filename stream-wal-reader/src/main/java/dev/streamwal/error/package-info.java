/**
 * The exceptions of reading and writing a log: unchecked sub-classes of {@link dev.streamwal.error.WalException}, one for each reaction of the
 * caller.
 */
@NullMarked
package dev.streamwal.error;

import org.jspecify.annotations.NullMarked;
