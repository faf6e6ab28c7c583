/**
 * Reading a log: by reference, by time, the latest, in order. Begin with {@link dev.streamwal.reader.WalReader}.
 *
 * <p>Errors are unchecked, under {@link dev.streamwal.error.WalException}; arguments that could never be right are an
 * {@link IllegalArgumentException} or {@link NullPointerException} at the call.
 */
@NullMarked
package dev.streamwal.reader;

import org.jspecify.annotations.NullMarked;
