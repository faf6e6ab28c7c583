/** What expires, and its deletion. */
@NullMarked
package dev.streamwal.retention;

import org.jspecify.annotations.NullMarked;
