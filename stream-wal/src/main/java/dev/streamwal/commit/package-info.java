/** How appends become durable: the commit journal, who writes it, and when its files are free again. */
@NullMarked
package dev.streamwal.commit;

import org.jspecify.annotations.NullMarked;
