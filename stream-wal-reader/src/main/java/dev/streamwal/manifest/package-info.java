/** Which packs a log has, and what of them doesn't count. */
@NullMarked
package dev.streamwal.manifest;

import org.jspecify.annotations.NullMarked;
