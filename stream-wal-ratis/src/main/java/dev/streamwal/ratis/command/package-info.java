/** The command line of a replica. */
@org.jspecify.annotations.NullMarked
package dev.streamwal.ratis.command;
