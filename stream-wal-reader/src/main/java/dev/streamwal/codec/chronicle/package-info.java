/**
 * Typed records of types that Chronicle Bytes writes. A program that uses this package depends on {@code net.openhft:chronicle-bytes}; as a module, it
 * requires {@code chronicle.bytes} and {@code org.slf4j}.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal.codec.chronicle;

import org.jspecify.annotations.NullMarked;
