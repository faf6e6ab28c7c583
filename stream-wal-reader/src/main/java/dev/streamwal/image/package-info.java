/** A log as files of one moment, for the code that copies it: checkpoints and backups. For this project's own packages; not exported to others. */
@NullMarked
package dev.streamwal.image;

import org.jspecify.annotations.NullMarked;
