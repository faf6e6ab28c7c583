/**
 * What reading and writing a log throw: sub-classes of {@link dev.streamwal.error.WalException}, unchecked, told apart by what the caller does
 * next.
 */
@NullMarked
package dev.streamwal.error;

import org.jspecify.annotations.NullMarked;
