/** The folder in which the user ran the command. npm itself runs scripts in the folder of `package.json`. */
export const typedIn = () => process.env.INIT_CWD ?? process.cwd();
