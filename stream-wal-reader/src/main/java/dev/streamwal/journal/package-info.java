/**
 * The commit journal on disk: the bytes of its blocks, of their entries and of its frontier, the paths of its files, and the parser that finds
 * what it holds and where it ends. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.journal;

import org.jspecify.annotations.NullMarked;
