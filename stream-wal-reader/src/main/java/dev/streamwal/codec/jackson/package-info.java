/**
 * Typed records as JSON, by Jackson. A program that uses this package depends on {@code com.fasterxml.jackson.core:jackson-databind}; as a module, it
 * requires {@code com.fasterxml.jackson.databind}, and opens its types to that module.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal.codec.jackson;

import org.jspecify.annotations.NullMarked;
