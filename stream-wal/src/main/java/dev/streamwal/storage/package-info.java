/** How segments are written: through a mapping, or by position. And the files that say which process writes a log, and which positions were given. */
@NullMarked
package dev.streamwal.storage;

import org.jspecify.annotations.NullMarked;
