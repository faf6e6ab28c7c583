/**
 * Metrics of a log for Micrometer. A program that uses this package depends on {@code io.micrometer:micrometer-core}; as a module, it requires {@code
 * micrometer.core}.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal.metrics;

import org.jspecify.annotations.NullMarked;
