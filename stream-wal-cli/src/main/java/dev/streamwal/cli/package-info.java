/** The command line: a class for each command; {@link dev.streamwal.cli.StreamWalCommand} is the program. */
@NullMarked
package dev.streamwal.cli;

import org.jspecify.annotations.NullMarked;
