/**
 * The commit journal on disk: the bytes of its blocks, of their entries and of its frontier, the paths of its files, and the parser that finds the
 * journal's entries and its end. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.journal;

import org.jspecify.annotations.NullMarked;
