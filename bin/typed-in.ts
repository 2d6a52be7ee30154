/** The folder that a command was typed in. npm runs the scripts of a package in the package's own folder, wherever it was called. */
export const typedIn = () => process.env.INIT_CWD ?? process.cwd();
