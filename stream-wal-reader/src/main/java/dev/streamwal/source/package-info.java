/** How bytes of segments are found and fetched. */
@NullMarked
package dev.streamwal.source;

import org.jspecify.annotations.NullMarked;
